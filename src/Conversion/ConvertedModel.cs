using Nanodet.Checkpoints.Export;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Conversion;

/// <summary>A model that was made from a checkpoint, and what is known of it.</summary>
/// <param name="Model">The model, verified.</param>
/// <param name="Export">The account of the export: weights, graph, input.</param>
/// <param name="Precision">What it computes in.</param>
/// <param name="Comparison">
/// What it detects otherwise than in float32 on the photos; null for float32, and where no photos were given.
/// </param>
/// <param name="Notes">What the user should know, in sentences.</param>
/// <param name="ExportTime">From checkpoint to graph.</param>
/// <param name="VerificationTime">Parity fixture, lower precision and verification.</param>
public sealed record ConvertedModel(
    VerifiedModel Model,
    ExportedModel Export,
    ModelPrecision Precision,
    PrecisionComparison? Comparison,
    IReadOnlyList<string> Notes,
    TimeSpan ExportTime,
    TimeSpan VerificationTime)
{
    /// <summary>How fast an 8-bit model is against float32 on this machine; null for other precisions.</summary>
    public FormMeasurement? Speed { get; init; }

    /// <summary>The same in a sentence without its end, with what it means for a worker; null for other precisions.</summary>
    public string? SpeedNote => Speed switch
    {
        null => null,
        { IsWorthIt: true } => Speed.ToString(),
        _ => $"{Speed}: a worker on such a processor serves float32, where the version has it",
    };
}
