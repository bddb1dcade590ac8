"""papers/wyrick2021"""
