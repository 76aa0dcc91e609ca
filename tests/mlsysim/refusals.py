"""What every refusal has to tell."""

from mlsysim.check import InvalidInput, InvalidValue, UnknownName


def tells(error: InvalidInput, field: str) -> None:
    sentence = str(error)
    assert field in sentence
    if isinstance(error, UnknownName):
        assert error.closest
        assert all(name in sentence for name in error.closest)
    else:
        assert isinstance(error, InvalidValue)
        assert error.rule in sentence
        assert f"For example: {error.example}." in sentence
    assert len(sentence) < 400
