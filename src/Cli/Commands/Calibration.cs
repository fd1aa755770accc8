using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Holds a model of lower precision against its float32 twin on photos.</summary>
internal static class Calibration
{
    /// <summary>Compares.</summary>
    /// <param name="original">The float32 model.</param>
    /// <param name="converted">The other one.</param>
    /// <param name="photos">A folder.</param>
    /// <param name="report">Where progress goes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CliException">The folder has no image that can be detected.</exception>
    public static async Task<CalibrationReport> RunAsync(byte[] original, byte[] converted, DirectoryInfo photos, Report report, CancellationToken cancellationToken)
    {
        var files = ImageFiles.Find(photos.FullName, Path.Combine(photos.FullName, "nanodet-results"));
        var options = new ModelOptions { Provider = ExecutionProvider.Cpu };
        using var first = NanodetModel.Load(original, options);
        using var second = NanodetModel.Load(converted, options);
        var (one, other) = (new Detector(first), new Detector(second));
        var comparison = new DetectionComparison();
        await report.ProgressAsync("comparing", async progress =>
        {
            var done = 0;
            foreach (var name in files.Files)
            {
                var encoded = await File.ReadAllBytesAsync(Path.Combine(files.Root, name), cancellationToken);
                if (one.Detect(encoded, cancellationToken) is { Succeeded: true, Detections: { } expected } && other.Detect(encoded, cancellationToken).Detections is { } found)
                {
                    comparison.Add(expected, found);
                }

                progress.Report("comparing", ++done, files.Files.Count);
            }
        });
        return comparison.Images > 0
            ? new CalibrationReport(comparison.Images, comparison.Detections, comparison.Changed, comparison.LargestScoreDifference)
            : throw new CliException("no_images", $"{photos} holds no image that can be detected.");
    }
}
