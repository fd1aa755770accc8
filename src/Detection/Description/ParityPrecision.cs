namespace Nanodet.Detection.Description;

/// <summary>How exactly a run has to reproduce a parity fixture.</summary>
public enum ParityPrecision
{
    /// <summary>Float32 on any provider: 1e-3 of the largest magnitude that the fixture has of the column, 0.1 at least.</summary>
    Full,

    /// <summary>Half precision: 3e-2 for scores, 0.15 for distance logits.</summary>
    Half,

    /// <summary>
    /// 8 bits: the fixture's values together. Rounding that another kernel does otherwise runs through all layers, so that single values
    /// say little; the mean difference has to stay below 2e-2 for scores, and below 0.1 plus a quarter of the mean magnitude for distance
    /// logits.
    /// </summary>
    Int8,
}
