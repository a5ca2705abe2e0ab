from typing import Any

from ha_ingestor_logging import ExplainedError
from ha_ingestor_logging.exception_fields import exception_fields


def fields_of(error: BaseException) -> dict[str, Any]:
    return exception_fields((type(error), error, error.__traceback__))


def test_a_plain_exception_has_no_chain() -> None:
    fields = fields_of(ValueError("bad"))
    assert fields == {
        "exception": "ValueError: bad",
        "exception_type": "ValueError",
        "exception_message": "bad",
    }


def test_causes_contexts_and_notes_are_data() -> None:
    root = KeyError("root")
    middle = OSError("middle")
    middle.__context__ = root
    top = ValueError("top")
    top.__cause__ = middle
    top.add_note("a note")
    assert fields_of(top)["exception_chain"] == [
        {"type": "ValueError", "message": "top", "notes": ["a note"]},
        {"type": "OSError", "message": "middle", "relation": "cause"},
        {"type": "KeyError", "message": "'root'", "relation": "context"},
    ]


def test_a_suppressed_context_stays_out() -> None:
    error = ValueError("top")
    error.__context__ = KeyError("hidden")
    error.__suppress_context__ = True
    assert "exception_chain" not in fields_of(error)


def test_a_group_lists_its_exceptions() -> None:
    inner = ExceptionGroup("inner", [KeyError("a")])
    (described,) = fields_of(ExceptionGroup("outer", [ValueError("b"), inner]))["exception_chain"]
    assert described["exceptions"] == [
        {"type": "ValueError", "message": "b"},
        {
            "type": "ExceptionGroup",
            "message": "inner (1 sub-exception)",
            "exceptions": [{"type": "KeyError", "message": "'a'"}],
        },
    ]


def test_chains_and_groups_without_end_are_cut() -> None:
    error: BaseException = ValueError(0)
    for number in range(100):
        outer = ValueError(number)
        outer.__cause__ = error
        error = outer
    assert len(fields_of(error)["exception_chain"]) == 16
    wide = ExceptionGroup("wide", [ValueError(number) for number in range(1000)])
    assert len(fields_of(wide)["exception_chain"][0]["exceptions"]) == 32
    cycle, other = ValueError("a"), ValueError("b")
    cycle.__cause__, other.__cause__ = other, cycle
    assert len(fields_of(cycle)["exception_chain"]) == 2


class QuotaError(ExplainedError):
    error_code = "INFLUX-429"
    recovery_action = "raise the bucket's quota"


class BrokenError(Exception):
    @property
    def error_code(self) -> str:
        raise RuntimeError("no")


def test_an_exception_can_explain_itself() -> None:
    fields = fields_of(QuotaError("full", user_impact="no history"))
    assert (fields["error_code"], fields["recovery_action"], fields["user_impact"]) == (
        "INFLUX-429",
        "raise the bucket's quota",
        "no history",
    )
    assert fields["exception_message"] == "full"


def test_a_causes_explanation_counts_where_there_is_no_nearer_one() -> None:
    error = ExplainedError("top", error_code="TOP-1")
    error.__cause__ = QuotaError("full")
    fields = fields_of(error)
    assert (fields["error_code"], fields["recovery_action"]) == ("TOP-1", "raise the bucket's quota")


def test_an_attribute_that_raises_does_not_cost_the_line() -> None:
    assert fields_of(BrokenError("x"))["exception_message"] == "x"
