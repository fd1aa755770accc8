using Nanodet.Serverless.Conversion;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>A form that <c>nanodet export --forms</c> wrote.</summary>
/// <param name="Form">Its name, such as <c>cpu-int8</c>.</param>
/// <param name="File">Path of its ONNX file.</param>
/// <param name="Sha256">SHA-256 of the file.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Precision">What it computes in.</param>
/// <param name="LargestDifference">The largest difference between it, as it will be served, and the plain float32 graph.</param>
/// <param name="Calibration">What it detects otherwise than in float32 on the photos; null for float32, and without photos.</param>
internal sealed record ExportedForm(
    string Form, string File, string Sha256, long Bytes, string Precision, double LargestDifference, PrecisionComparison? Calibration);
