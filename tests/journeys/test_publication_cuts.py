"""A policy whose design states another cut than its occasion is refused at publication, naming both."""

import pytest

from engine.designs import DesignError
from engine.policies.documents import read_policy
from engine.workflows.publish_assessment import check_assessment
from itembank.storage import institutions
from itembank.storage.database import Database

POLICY = """
key = "cuts"
title = "Where it decides"
time_zone = "Europe/London"

[[occasions]]
key = "post_test"
cut = {{ scale = "percent", value = 60.0 }}
decision = {{ kind = "score" }}
[occasions.design]
name = "test"
[occasions.design.stopping]
min_items = 5
max_items = 12
rule = {{ type = "sprt" }}
{decision}
[credit]
hours = "0.5"
"""


async def test_a_cut_in_percent_needs_no_theta_in_the_design(sample_database: Database) -> None:
    institution_id = await institutions.find(sample_database, "sample")
    assert institution_id is not None
    left_out = read_policy(POLICY.format(decision=""))
    assert (await check_assessment(sample_database, institution_id, left_out, "data-literacy")).n_items == 300
    stated = read_policy(POLICY.format(decision="[occasions.design.decision]\ncut_theta = [2.5]"))
    with pytest.raises(
        DesignError, match=r"Occasion 'post_test': decision\.cut_theta is 2\.5, but the occasion's cut is"
    ):
        await check_assessment(sample_database, institution_id, stated, "data-literacy")
