"""The aggregator as a script: python scripts/aggregate.py multirun/DATE/TIME."""

from fmnist_exp.aggregate import main

if __name__ == "__main__":
    main()
