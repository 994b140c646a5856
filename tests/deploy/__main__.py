"""`python -m tests.deploy`: write `deploy/kubernetes` anew from the chart."""

from tests.deploy.chart import PLAIN, plain


def main() -> None:
    """Write every manifest, and take away those that the chart no longer makes."""
    made = plain()
    for old in PLAIN.rglob("*.yaml"):
        if str(old.relative_to(PLAIN)) not in made:
            old.unlink()
    for path, text in made.items():
        (PLAIN / path).parent.mkdir(parents=True, exist_ok=True)
        (PLAIN / path).write_text(text)


if __name__ == "__main__":
    main()
