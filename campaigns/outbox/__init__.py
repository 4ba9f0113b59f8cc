"""Effects as rows: `queue` matches them with what a look wants, `alerts` are mails."""
