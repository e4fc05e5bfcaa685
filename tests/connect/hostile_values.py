"""Hypothesis strategies for what a hostile sender puts into a token."""

from hypothesis import strategies as st

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
half_characters = st.text(
    st.characters(min_codepoint=0xD700, max_codepoint=0xE100, categories=None),
    max_size=4,
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**63])
