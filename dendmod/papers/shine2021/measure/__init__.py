"""papers/shine2021/measure"""
