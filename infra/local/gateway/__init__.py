"""API Gateway as it is deployed. Where Chalice's own local gateway is kinder than AWS (methods,
trailing slashes, sizes, content types), this one is not.
"""
