namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>The model that a checkpoint became.</summary>
public sealed record PublishedCheckpoint
{
    /// <summary>Name of the model.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Its version: the first 12 digits of its SHA-256; with several forms, of the SHA-256 of the list of their files.
    /// </summary>
    public required string Version { get; init; }

    /// <summary>SHA-256 of the ONNX file.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The ONNX file in container <c>models</c>.</summary>
    public required string Blob { get; init; }

    /// <summary>Size of the ONNX file.</summary>
    public required long Bytes { get; init; }

    /// <summary>What it computes in: <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>The forms of the version, such as <c>cpu-int8</c>; empty for a model of one file.</summary>
    public IReadOnlyList<string> Forms { get; init; } = [];

    /// <summary>SHA-256 of the checkpoint.</summary>
    public required string CheckpointSha256 { get; init; }

    /// <summary>SHA-256 of the config.</summary>
    public required string ConfigSha256 { get; init; }

    /// <summary>Whether the weights are the moving average of a training.</summary>
    public required bool Averaged { get; init; }

    /// <summary>Tensors that inference reads.</summary>
    public required int Tensors { get; init; }

    /// <summary>Learned values in them.</summary>
    public required long Parameters { get; init; }

    /// <summary>Tensors that only training uses and that were left out.</summary>
    public required int IgnoredTensors { get; init; }

    /// <summary>Number of classes.</summary>
    public required int Classes { get; init; }

    /// <summary>Width of the input, in pixels.</summary>
    public required int InputWidth { get; init; }

    /// <summary>Height of the input, in pixels.</summary>
    public required int InputHeight { get; init; }

    /// <summary>Output values of the parity fixture that the optimised graph was held against.</summary>
    public required int ParityValues { get; init; }

    /// <summary>The largest absolute difference among them.</summary>
    public required float LargestDifference { get; init; }

    /// <summary>From the downloaded checkpoint to the verified model, in milliseconds.</summary>
    public required double ExportMs { get; init; }
}
