"""Our event subscriptions at athenahealth: requests in rows, and a round that carries them out."""
