namespace Nanodet.Serverless.Conversion;

/// <summary>How a checkpoint is converted.</summary>
public sealed record ConversionOptions
{
    /// <summary>Name of the model.</summary>
    public required string Name { get; init; }

    /// <summary>What it computes in.</summary>
    /// <value>Default <see cref="ModelPrecision.Fp32"/>.</value>
    public ModelPrecision Precision { get; init; }

    /// <summary>
    /// The name of a model that nobody named: that of its config's file, and behind it the precision where that is not float32, so that
    /// the models of one checkpoint can be told apart. A model of several forms has one name.
    /// </summary>
    /// <param name="config">Name of the config's file without its ending.</param>
    /// <param name="precision">What the model computes in.</param>
    /// <returns>Such as <c>nanodet-plus-m_416</c> or <c>nanodet-plus-m_416-int8</c>.</returns>
    public static string NameOf(string config, ModelPrecision precision)
    {
        ArgumentNullException.ThrowIfNull(config);
        var ending = $"-{precision.ToString().ToLowerInvariant()}";
        return precision == ModelPrecision.Fp32 || config.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? config : config + ending;
    }

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
