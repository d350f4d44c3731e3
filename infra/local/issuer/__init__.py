"""Sign-in pages of the local stack, in the place of Cognito's managed login.

It asks for no password: whoever reaches 127.0.0.1 may be anybody here. Of everything else it is as
strict as Cognito, so that the console needs one way to sign in.
"""
