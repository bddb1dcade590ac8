"""papers/shine2021"""
