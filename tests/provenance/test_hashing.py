from priorbench.provenance import fingerprint


def test_the_order_of_keys_is_ignored_but_values_and_their_places_are_not() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    values = ({"a": 1, "b": 2}, {"a": 2, "b": 1}, ["a", 1], "a", 1, None)
    assert len({fingerprint(value) for value in values}) == len(values)
