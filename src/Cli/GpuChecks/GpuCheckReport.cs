namespace Nanodet.Serverless.Cli.GpuChecks;

/// <summary>The answer of <c>nanodet gpu-check</c>.</summary>
internal sealed record GpuCheckReport
{
    /// <summary>What the models were asked to run on.</summary>
    public required string Provider { get; init; }

    /// <summary>Photos that were used.</summary>
    public required int Images { get; init; }

    /// <summary>The figures.</summary>
    public required IReadOnlyList<GpuCheckLine> Lines { get; init; }

    /// <summary>Checks that held.</summary>
    public int Held => Lines.Count(line => line.Passed == true);

    /// <summary>Checks that did not.</summary>
    public int Broken => Lines.Count(line => line.Passed == false);
}
