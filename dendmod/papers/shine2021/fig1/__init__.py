"""papers/shine2021/fig1"""
