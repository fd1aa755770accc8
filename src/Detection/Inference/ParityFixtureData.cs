namespace Nanodet.Detection.Inference;

/// <summary>The JSON of metadata entry <c>nanodet.parity</c>; see docs/model-format.md.</summary>
internal sealed record ParityFixtureData
{
    public required int Version { get; init; }

    public required string Generator { get; init; }

    public required ulong Seed { get; init; }

    public required int[] Shape { get; init; }

    public required long Offset { get; init; }

    public required long Step { get; init; }

    public required byte[] Values { get; init; }

    public double AbsMean { get; init; }

    public string? OnnxRuntime { get; init; }
}
