"""From the chosen passages to a cited answer, with a language model or by extraction."""
