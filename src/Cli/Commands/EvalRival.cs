using Nanodet.Detection.Detectors;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Cli.Evaluation;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>
/// What an evaluation is compared with: another model, or saved detections. It is read before anything is detected, so a file that cannot
/// be used is refused at once, and not after the first model has seen all images.
/// </summary>
internal sealed class EvalRival : IDisposable
{
    private readonly CocoDataset _dataset;
    private readonly string _name;
    private readonly ILookup<long, CocoDetection>? _found;
    private readonly NanodetModel? _model;
    private readonly ClassMapping _classes;

    private EvalRival(CocoDataset dataset, string name, ILookup<long, CocoDetection>? found, NanodetModel? model, ClassMapping classes)
    {
        _dataset = dataset;
        _name = name;
        _found = found;
        _model = model;
        _classes = classes;
    }

    /// <summary>Reads it.</summary>
    /// <param name="file">A model (.onnx), or COCO results (.json).</param>
    /// <param name="dataset">The images and their objects.</param>
    /// <param name="options">How a model is loaded.</param>
    /// <param name="matching">How a model's classes are matched with the categories.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CliException"><c>file_not_found</c>, or <c>unknown_images</c>: detections of other images.</exception>
    public static async Task<EvalRival> LoadAsync(
        FileInfo file, CocoDataset dataset, ModelOptions options, ClassMatching matching, CancellationToken cancellationToken)
    {
        if (!file.Exists)
        {
            throw new CliException("file_not_found", $"there is no model and no file of detections at {file}.");
        }

        if (file.Extension.Equals(".json", StringComparison.OrdinalIgnoreCase))
        {
            await using var stream = file.OpenRead();
            var found = await CocoResults.ReadAsync(stream, cancellationToken);
            EvalCommand.EnsureKnown(found, dataset);
            return new EvalRival(
                dataset, file.Name, found, model: null, new ClassMapping([], EvalCommand.UnknownCategories(found, dataset), []));
        }

        var model = NanodetModel.Load(file.FullName, options);
        try
        {
            ParityFixture.Verify(model).EnsurePassed();
            var classes = dataset.MapClasses(model.Description.ClassNames, matching);
            return new EvalRival(dataset, $"{model.Description.Name} {model.Version}", found: null, model, classes);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Evaluates it on the images of another run, which kept them.</summary>
    /// <returns>Its name, and how it did.</returns>
    public async Task<(string Name, EvaluationRun Run)> EvaluateAsync(
        EvaluationRun run, DirectoryInfo folder, DetectorOptions options, Report report, CancellationToken cancellationToken)
    {
        var own = new EvaluationRun(_dataset with { Images = [.. run.Images.Select(image => image.Image)] }, folder, keeps: false);
        if (_found is not null)
        {
            own.Take(run, _found, options.ScoreThreshold);
        }
        else
        {
            var detector = new Detector(_model!, options);
            await report.ProgressAsync(
                "comparing", progress => own.DetectAsync(detector, _classes.CategoryIds, progress, cancellationToken));
        }

        return (_name, own);
    }

    /// <summary>What the answer says of it.</summary>
    public EvalComparison Describe(EvaluationRun own) => new(
        _name, own.Evaluator.Summarize(), _classes.ClassesWithoutCategory, _classes.CategoriesWithoutClass, own.Missing);

    /// <summary>Frees a model.</summary>
    public void Dispose() => _model?.Dispose();
}
