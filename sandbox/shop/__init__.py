"""The shop: twelve services in two accounts, their traffic, changes and bad days."""
