using Nanodet.Detection.Forms;
using Nanodet.Detection.Images;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Conversion;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>Converts a checkpoint, with a progress bar and photos from a folder.</summary>
internal static class ModelConversion
{
    /// <summary>Converts.</summary>
    /// <param name="checkpoint">The checkpoint file.</param>
    /// <param name="config">The config file.</param>
    /// <param name="options">How, but for photos and progress.</param>
    /// <param name="photos">A folder of photos; null for none.</param>
    /// <param name="report">Where progress goes.</param>
    /// <param name="cancellationToken">Ends the conversion.</param>
    /// <exception cref="CliException">There is no such folder, or it has no image.</exception>
    public static Task<ConvertedModel> RunAsync(
        byte[] checkpoint,
        byte[] config,
        ConversionOptions options,
        DirectoryInfo? photos,
        Report report,
        CancellationToken cancellationToken) => RunAsync(
            options, photos, report, how => ModelConverter.ConvertAsync(checkpoint, config, how, cancellationToken));

    /// <summary>Converts to several forms of one model.</summary>
    /// <param name="checkpoint">The checkpoint file.</param>
    /// <param name="config">The config file.</param>
    /// <param name="options">How, but for photos and progress.</param>
    /// <param name="forms">Which forms.</param>
    /// <param name="photos">A folder of photos; null for none.</param>
    /// <param name="report">Where progress goes.</param>
    /// <param name="cancellationToken">Ends the conversion.</param>
    /// <exception cref="CliException">There is no such folder, or it has no image.</exception>
    public static Task<ConvertedForms> RunAsync(
        byte[] checkpoint,
        byte[] config,
        ConversionOptions options,
        IReadOnlyList<ModelForm> forms,
        DirectoryInfo? photos,
        Report report,
        CancellationToken cancellationToken) => RunAsync(
            options, photos, report, how => ModelConverter.ConvertAsync(checkpoint, config, how, forms, cancellationToken));

    private static async Task<T> RunAsync<T>(
        ConversionOptions options, DirectoryInfo? photos, Report report, Func<ConversionOptions, Task<T>> convert)
        where T : class
    {
        if (photos is null)
        {
            return await convert(options);
        }

        T? converted = null;
        var set = new PhotoFolder(photos);
        await report.ProgressAsync("converting", async progress => converted = await convert(
            options with { Calibration = set, Progress = new Bar(progress) }));
        return converted!;
    }

    // Not Progress<T>, which reports later, from another thread.
    private sealed class Bar(StepProgress progress) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => progress.Report(value.Step, value.Done, value.Count);
    }

    private sealed class PhotoFolder(DirectoryInfo folder) : ICalibrationSet
    {
        private readonly ImageFiles _files = ImageFiles.Find(folder.FullName, Path.Combine(folder.FullName, "nanodet-results"));

        public string Place => folder.ToString();

        public int Count => _files.Files.Count;

        public async IAsyncEnumerable<CalibrationImage> ReadAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (var name in _files.Files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var content = await ImageFileReader.ReadAsync(_files, name, new ImageLimits().MaxBytes, cancellationToken);
                yield return new CalibrationImage(name, content.Bytes);
            }
        }
    }
}
