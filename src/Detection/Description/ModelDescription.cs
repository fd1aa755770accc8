namespace Nanodet.Detection.Description;

/// <summary>What a model is: read from the metadata of its file, or from the training config beside a file without metadata.</summary>
public sealed record ModelDescription
{
    /// <summary>Name of the model.</summary>
    public required string Name { get; init; }

    /// <summary>Where the centre priors lie.</summary>
    public required HeadKind Head { get; init; }

    /// <summary>Class names in label order; at least one.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Pixels of the input tensor per point, by level.</summary>
    public required IReadOnlyList<int> Strides { get; init; }

    /// <summary>The largest distance bin; a side has <c>RegMax + 1</c> bins.</summary>
    public required int RegMax { get; init; }

    /// <summary>Size and fitting of the input.</summary>
    public required ModelInput Input { get; init; }

    /// <summary>The mean of each plane, in the order of <see cref="ColorOrder"/>, in pixel values of 0 to 255.</summary>
    public required IReadOnlyList<double> Mean { get; init; }

    /// <summary>The standard deviation of each plane, in the same order and pixel values; above 0.</summary>
    public required IReadOnlyList<double> Std { get; init; }

    /// <summary>Order of the planes.</summary>
    public ColorOrder ColorOrder { get; init; }

    /// <summary>What was applied to the class columns.</summary>
    public ScoreActivation Activation { get; init; }

    /// <summary>What the graph computes in; it decides how exactly the parity fixture has to be met.</summary>
    public ParityPrecision Precision { get; init; }

    /// <summary>SHA-256 of the checkpoint, 64 hex digits; null for a foreign model.</summary>
    public string? CheckpointSha256 { get; init; }

    /// <summary>SHA-256 of the config, 64 hex digits; null for a foreign model.</summary>
    public string? ConfigSha256 { get; init; }

    /// <summary>Who exported the model; null for a foreign model.</summary>
    public string? Exporter { get; init; }

    /// <summary>The parity fixture as JSON; null where the file carries none.</summary>
    public string? Parity { get; init; }

    /// <summary>True where the description comes from a NanoDet config beside the file and not from metadata.</summary>
    public bool IsForeign { get; init; }

    /// <summary>Columns of the output: class scores, then 4 sides of <c>RegMax + 1</c> bins.</summary>
    public int Columns => ClassNames.Count + (4 * (RegMax + 1));

    /// <summary>Points of the output for an input tensor: the sum of <c>ceil(H/s) * ceil(W/s)</c> over the strides.</summary>
    /// <param name="tensorHeight">H: rows of the tensor, in pixels.</param>
    /// <param name="tensorWidth">W: columns of the tensor, in pixels.</param>
    public int PointCount(int tensorHeight, int tensorWidth)
    {
        var points = 0;
        foreach (var stride in Strides)
        {
            points = checked(points + (CeilingDivide(tensorHeight, stride) * CeilingDivide(tensorWidth, stride)));
        }

        return points;
    }

    internal static int CeilingDivide(int value, int divisor) => (value + divisor - 1) / divisor;

    /// <summary>Refuses descriptions that no NanoDet model can have.</summary>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.ContractViolated"/>.</exception>
    internal ModelDescription Validate(string where)
    {
        Require(ClassNames.Count is >= 1 and <= 100_000, where, "1 to 100000 classes", $"{ClassNames.Count}");
        Require(!ClassNames.Any(string.IsNullOrEmpty), where, "a name for each class", "one without");
        Require(Strides.Count is >= 1 and <= 16, where, "1 to 16 strides", $"{Strides.Count}");
        Require(Strides.All(stride => stride is >= 1 and <= 1024), where, "strides of 1 to 1024", string.Join(", ", Strides));
        Require(RegMax is >= 1 and <= 255, where, "a regMax of 1 to 255", $"{RegMax}");
        Require(
            Input.Width is >= 1 and <= 8192 && Input.Height is >= 1 and <= 8192,
            where,
            "an input size of 1 to 8192 pixels a side",
            $"{Input.Width}x{Input.Height}");
        Require(Mean.Count == 3 && Mean.All(double.IsFinite), where, "3 finite means", string.Join(", ", Mean));
        Require(
            Std.Count == 3 && Std.All(value => double.IsFinite(value) && value > 0),
            where,
            "3 standard deviations above 0",
            string.Join(", ", Std));
        return this;
    }

    private static void Require(bool holds, string where, string expected, string found)
    {
        if (!holds)
        {
            throw ModelLoadException.Contract($"{where}: expected {expected}, found {found}.");
        }
    }
}
