"""A journal for people: records with amounts as decimal text, and why an order was sent or refused."""
