"""Counts that add up, notes said once."""

from itembank.loss_report import LossReport, refused, summary, taken


def test_every_item_is_counted_once():
    entries = (
        taken("a", "a.xml"),
        taken("b", "b.xml", ["It lost a picture.", "It lost a picture."]),
        refused("c", "c.xml", "It has no key."),
    )
    report = LossReport(source="bank.zip", entries=entries)
    assert report.counts == {"imported": 1, "changed": 1, "refused": 1}
    assert sum(report.counts.values()) == report.n_items == 3
    assert [entry.key for entry in report.refused] == ["c"]
    assert report.entries[1].notes == ("It lost a picture.",)
    assert summary(report) == "3 items: 1 imported, 1 changed, 1 refused."
    assert summary(LossReport(entries=entries[:1])) == "1 item: 1 imported, 0 changed, 0 refused."
