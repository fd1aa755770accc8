namespace Nanodet.Serverless.Conversion;

/// <summary>How a checkpoint is converted.</summary>
public sealed record ConversionOptions
{
    /// <summary>Name of the model.</summary>
    public required string Name { get; init; }

    /// <summary>What it computes in.</summary>
    /// <value>Default <see cref="ModelPrecision.Fp32"/>.</value>
    public ModelPrecision Precision { get; init; }

    /// <summary>Whether the graph stays as the layers of the official code stand, which is slower.</summary>
    /// <value>Default false.</value>
    public bool Plain { get; init; }

    /// <summary>Whether a model whose output cannot be read as detections is refused.</summary>
    /// <value>Default true.</value>
    public bool MustDetect { get; init; } = true;

    /// <summary>
    /// Photos: a model of 8 bits takes the ranges of its values from them, and a model of lower precision is compared with float32 on them.
    /// </summary>
    /// <value>Default null: none.</value>
    public ICalibrationSet? Calibration { get; init; }

    /// <summary>Is told how far the conversion is.</summary>
    /// <value>Default null.</value>
    public IProgress<ConversionProgress>? Progress { get; init; }
}
