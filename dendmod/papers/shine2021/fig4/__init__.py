"""papers/shine2021/fig4"""
