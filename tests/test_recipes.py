"""Recipes of trainings: their values, what may be changed, and what follows the number of compounds and the network."""

import json
import re

import numpy as np
import pytest

from lgdcnn_core.models import build
from lgdcnn_core.training import FAST, FIRST_FAST, PAPER, InvalidRecipe, Recipe, UnknownRecipe, recipe

SHORT = FAST.with_changes(epochs=4)


def test_a_recipe_names_what_a_record_of_it_had_otherwise():
    recorded = {name: value for name, value in PAPER.as_dict().items() if name != "dropout"}
    assert PAPER.differing(recorded, False) == []  # what recipes did not have yet counts as its default
    assert PAPER.with_changes(dropout=0.1).differing(recorded, False) == ["dropout"]
    assert PAPER.differing(recorded | {"epochs": 5, "warm_up": 3}, False) == ["epochs", "warm_up"]


def test_only_networks_with_transformer_layers_are_concerned_by_what_a_recipe_says_of_them():
    recorded = FAST.with_changes(lr_max_transformer=1e-3).as_dict()
    assert FAST.differing(recorded, transformers=False) == []
    assert FAST.differing(recorded, transformers=True) == ["lr_max"]
    assert [build(name).chain.has_transformers for name in ("L-G-DCNN", "CrabNet")] == [False, True]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PAPER, [("LAMB+Lookahead", 6e-3)] * 2),
        (FIRST_FAST, [("AdamW", 1e-3), ("AdamW", 3e-4)]),
        (FAST, [("AdamW", 1e-3), ("LAMB+Lookahead", 6e-3)]),
    ],
    ids=["paper", "first fast", "fast"],
)
def test_each_kind_of_network_has_its_optimiser_and_rate(chosen, expected):
    suited = [chosen.suited(build(name).chain.has_transformers) for name in ("L-G-DCNN", "CrabNet")]
    assert [(each.optimiser, each.lr_max) for each in suited] == expected
    assert all(each.optimiser_transformer is each.lr_max_transformer is None for each in suited)


def test_more_than_20_000_compounds_have_larger_batches():
    assert FAST.sized(20_000) == FAST.with_changes(many_compounds="the same")
    sizes = [FAST.sized(n).batch_size for n in (100, 20_000, 20_001, 100_000, 100_001)]
    assert [FAST.sized(n).epochs for n in (20_000, 20_001, 100_000, 100_001)] == [60, 30, 30, 20]
    assert sizes == [128, 128, 512, 512, 512]
    assert FAST.sized(20_001).lr_max_transformer == FAST.lr_max_transformer
    assert PAPER.sized(10**6) == PAPER


def test_values_that_a_user_changes_hold_for_any_number_of_compounds():
    changed = FAST.with_changes(batch_size=64)
    assert changed.sized(10**6) == changed
    assert FAST.with_changes(dropout=0.1).sized(10**6).batch_size == 512


def test_recipes_are_values():
    assert recipe("paper") is PAPER
    assert recipe(SHORT) is SHORT
    assert Recipe(**PAPER.as_dict()) == PAPER
    with pytest.raises(UnknownRecipe, match=r"'quick'.*paper, fast"):
        recipe("quick")


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("optimiser", "SGD", "'LAMB+Lookahead' or 'AdamW'"),
        ("optimiser_transformer", "SGD", "'LAMB+Lookahead' or 'AdamW' or None"),
        ("schedule", "cosine", "'triangular' or 'one-cycle'"),
        ("averaging", None, "'published' or 'EMA'"),
        ("precision", "float16", "'float32' or 'tf32' or 'bfloat16' or 'auto'"),
        ("targets", "log", "'as they are' or 'asinh of long tails'"),
        ("loss", "L2", "'Laplace' or 'L1'"),
        ("order", "alphabet", "'amount, atomic number' or"),
        ("epochs", 0, "a whole number from 1"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("batch_size", "128", "a whole number or None"),
        ("batch_size", -1, "a whole number from 1"),
        ("lr_max", 0, "a positive number"),
        ("lr_max", float("nan"), "a finite number"),
        ("lr_max", "1e-3", "a finite number"),
        ("dropout", 1.0, "a number from 0 to"),
        ("reordered", 1.5, "a number from 0 to 1"),
        ("ema_decay", -0.1, "a number from 0 to 1"),
        ("weight_decay", -1e-9, "a number from 0"),
        ("name", 7, "a text"),
        ("source", 7, "a text or None"),
    ],
)
def test_a_value_that_recipes_cannot_have_is_named_with_those_that_they_can(name, wrong, said):
    with pytest.raises(InvalidRecipe, match=f"^{name} is .*; it must be .*{re.escape(said)}"):
        FAST.with_changes(**{name: wrong})


def test_numbers_of_any_kind_become_plain_ones_in_a_recipe():
    given = FAST.with_changes(epochs=np.int64(60), lr_max=np.float32(0.5), noise=0)
    assert {type(value) for value in given.as_dict().values()} <= {str, int, float, type(None)}
    json.dumps(given.as_dict())


def test_a_triangle_of_learning_rates_has_its_lower_end_below():
    with pytest.raises(InvalidRecipe, match=r"lr_min is 0\.1, above lr_max, 0\.006"):
        PAPER.with_changes(lr_min=0.1)
