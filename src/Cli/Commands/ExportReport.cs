using Nanodet.Detection.Forms;
using Nanodet.Serverless.Conversion;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet export</c>.</summary>
internal sealed record ExportReport
{
    /// <summary>Path of the model file.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the model file.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Size of the model file.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 of the checkpoint.</summary>
    public required string CheckpointSha256 { get; init; }

    /// <summary>SHA-256 of the config.</summary>
    public required string ConfigSha256 { get; init; }

    /// <summary>Whether the weights are a moving average.</summary>
    public required bool Averaged { get; init; }

    /// <summary>Tensors that inference reads.</summary>
    public required int Tensors { get; init; }

    /// <summary>Learned values in them.</summary>
    public required long Parameters { get; init; }

    /// <summary>Tensors that only training uses.</summary>
    public required int IgnoredTensors { get; init; }

    /// <summary>Input width in pixels; the largest one of a keep-ratio model.</summary>
    public required int InputWidth { get; init; }

    /// <summary>Input height in pixels; the largest one of a keep-ratio model.</summary>
    public required int InputHeight { get; init; }

    /// <summary>Shape of the output for one image.</summary>
    public required IReadOnlyList<int> OutputShape { get; init; }

    /// <summary>Nodes by operator.</summary>
    public required IReadOnlyDictionary<string, int> Operators { get; init; }

    /// <summary>What the model computes in: <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>What the model detects otherwise than in float32 on the calibration photos; null where there are none.</summary>
    public required PrecisionComparison? Calibration { get; init; }

    /// <summary>How fast the 8-bit model is against float32 on this machine; null where no 8-bit model was made.</summary>
    public required FormMeasurement? Speed { get; init; }

    /// <summary>The same in words, with what it means for a worker; null where no 8-bit model was made.</summary>
    public required string? SpeedNote { get; init; }

    /// <summary>The forms that were written, the model file among them; empty for a model of one file.</summary>
    public required IReadOnlyList<ExportedForm> Forms { get; init; }

    /// <summary>The largest difference between the written file, as it will be served, and the plain graph.</summary>
    public required double LargestDifference { get; init; }

    /// <summary>What the user should know.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Time from checkpoint to graph, in milliseconds.</summary>
    public required double ExportMs { get; init; }

    /// <summary>Time for the parity fixture and its check, in milliseconds.</summary>
    public required double VerifyMs { get; init; }
}
