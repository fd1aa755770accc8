using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Nanodet.Serverless.Pipeline.Detectors;

namespace Nanodet.Serverless.Pipeline.Results;

/// <summary>The options that decide what a result holds.</summary>
/// <param name="ScoreThreshold">0..1; scores are greater.</param>
/// <param name="IouThreshold">0..1.</param>
/// <param name="MaxDetections">1..1000.</param>
public sealed record ResultOptions(float ScoreThreshold, float IouThreshold, int MaxDetections)
{
    /// <summary>Takes over what matters from a detector's options.</summary>
    public static ResultOptions From(DetectorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ResultOptions(options.ScoreThreshold, options.IouThreshold, options.MaxDetections);
    }

    /// <summary>
    /// Part of a result's identity: SHA-256, as 64 lower-case hex digits, of
    /// <c>v1;scoreThreshold=S;iouThreshold=I;maxDetections=M</c>, numbers in their shortest invariant form.
    /// </summary>
    public string ComputeHash()
    {
        var canonical = string.Create(
            CultureInfo.InvariantCulture,
            $"v1;scoreThreshold={ScoreThreshold:R};iouThreshold={IouThreshold:R};maxDetections={MaxDetections}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
    }
}
