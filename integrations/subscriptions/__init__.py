"""Our event subscriptions at athenahealth: wishes in rows, and a round that fulfils them."""
