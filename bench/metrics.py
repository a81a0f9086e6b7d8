"""Metrics: what is kept, and what keeping it costs."""

from bench import metrics_samples


def main() -> None:
    metrics_samples.main()


if __name__ == "__main__":
    main()
