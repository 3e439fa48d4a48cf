# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Sweep my table
# Take a CSV of your own in the place of this one.

# %%
import csv
import random

import jaxnet as jn

random.seed(1)
with open("plants.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["height_cm", "leaves", "soil", "kind"])
    for _ in range(90):
        kind = random.choice(["fern", "moss"])
        rows.writerow([random.gauss(20 if kind == "fern" else 9, 6), random.randint(3, 9), random.choice("wd"), kind])

table = jn.data.read_table("plants.csv")
prep, (train, held) = jn.data.split_table(table, "kind", 0.8)
print(prep)

# %% [markdown]
# ## Plan, then train

# %%
space = jn.Space(learning_rate=jn.Float(1e-3, 0.3, log=True), hidden=(8,), seed=jn.Seeds(2))
plan = jn.plan(space, table.take(train), validation=table.take(held), preparation=prep,
               optimizer="adam", method="sobol", n=4, epochs=30, batch_size=32)  # fmt: skip
print(plan)

# %%
result = jn.sweep(plan)
print(result.best(2))

# %% [markdown]
# ## A model of the best

# %%
model = result.best_model()
print(model.predict(table.take(held))[:5])
