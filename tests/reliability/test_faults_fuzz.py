"""The fault catalogue, E27: readers fed with mutated files; `benchmarks/fuzz.py` feeds more."""

import fuzz
import pytest


@pytest.mark.slow
@pytest.mark.parametrize("name", fuzz.READERS)
def test_E27_only_documented_errors_escape_a_reader(name, tmp_path, run_seed):
    read, contents = fuzz.READERS[name](tmp_path)
    num_refused = fuzz.fuzz(read, contents, num_inputs=300, seed=run_seed)
    assert 100 < num_refused < 300  # some changes hurt, some do not


@pytest.mark.parametrize("name", fuzz.READERS)
def test_fuzzing_sees_an_error_that_is_not_documented(name, tmp_path):
    read, contents = fuzz.READERS[name](tmp_path)

    def careless(content):
        if content not in contents:
            raise RecursionError
        return read(content)

    with pytest.raises(AssertionError, match="input 0 of seed 0"):
        fuzz.fuzz(careless, contents, num_inputs=1, seed=0)
