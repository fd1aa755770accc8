using System.Text;
using System.Text.Json;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Evaluation;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Evaluation;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What an evaluation writes, and what it is compared with.</summary>
/// <param name="Page">The HTML report, or null.</param>
/// <param name="Detections">COCO results, or null.</param>
/// <param name="Compare">A model or COCO results, or null.</param>
/// <param name="Thresholds">Score thresholds, or null.</param>
internal sealed record EvalOutputs(FileInfo? Page, FileInfo? Detections, FileInfo? Compare, FileInfo? Thresholds)
{
    private const int WorstShown = 12;

    /// <summary>Whether the detections of each image have to be kept.</summary>
    public bool NeedsImages => Page is not null || Detections is not null || Compare is not null;

    /// <summary>Writes the files.</summary>
    public async Task WriteAsync(
        string title,
        EvaluationRun run,
        (string Name, EvaluationRun Run)? compared,
        CocoDataset dataset,
        IReadOnlyList<string> classNames,
        ClassMapping mapping,
        DetectorOptions options,
        CancellationToken cancellationToken)
    {
        if (Detections is not null)
        {
            using var json = new MemoryStream();
            await CocoResults.WriteAsync(json, run.Images.Select(image => (image.Image.Id, image.Detections)), cancellationToken);
            await InputFile.WriteAsync(Detections, json.GetBuffer().AsMemory(0, (int)json.Length), cancellationToken);
        }

        if (Thresholds is not null)
        {
            var best = EvaluationPage.BestThresholds(run.Evaluator.SummarizeCategories(), options.ScoreThreshold);
            var byName = classNames
                .Select((name, index) => (name, mapping.CategoryIds[index]))
                .Where(pair => best.ContainsKey(pair.Item2))
                .ToDictionary(pair => pair.name, pair => (float)best[pair.Item2]);
            await InputFile.WriteAsync(
                Thresholds, JsonSerializer.SerializeToUtf8Bytes(byName, ChoiceJson.Default.DictionaryStringSingle), cancellationToken);
        }

        if (Page is not null)
        {
            var names = dataset.Categories.ToDictionary(category => category.Id, category => category.Name);
            var page = new EvaluationPage(title, names, run, compared, options.ScoreThreshold).Write(WorstShown);
            await InputFile.WriteAsync(Page, Encoding.UTF8.GetBytes(page), cancellationToken);
        }
    }
}
