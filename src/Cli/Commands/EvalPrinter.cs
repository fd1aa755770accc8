using System.Globalization;
using Nanodet.Detection.Evaluation;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet eval</c> for people.</summary>
internal static class EvalPrinter
{
    /// <summary>Writes the answer.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="answer">What was measured.</param>
    public static void Print(IAnsiConsole console, EvalReport answer)
    {
        var table = new Table().AddColumns("metric", "IoU", "area", "detections", "value");
        table.Columns[4].RightAligned();
        if (answer.Compared is not null)
        {
            table.AddColumns("value of B", "A - B");
        }

        var others = Rows(answer.Compared?.Metrics ?? answer.Metrics);
        foreach (var ((metric, iou, area, most, value), another) in Rows(answer.Metrics).Zip(others))
        {
            string[] cells = [metric, iou, area, $"{most}", Number(value)];
            table.AddRow(answer.Compared is null
                ? cells
                : [.. cells, Number(another.Value), Difference(value, another.Value)]);
        }

        console.Write(table);
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"{answer.Images} images, scores above {answer.ScoreThreshold}; {Source(answer)}; {answer.ElapsedMs:0} ms");
        PrintNotes(console, "", answer.ClassesWithoutCategory, answer.CategoriesWithoutClass, answer.Missing);
        if (answer.Compared is { } other)
        {
            PrintNotes(console, "B: ", other.ClassesWithoutCategory, other.CategoriesWithoutClass, other.Missing);
        }
    }

    private static void PrintNotes(
        IAnsiConsole console,
        string whose,
        IReadOnlyList<string> classesWithoutCategory,
        IReadOnlyList<string> categoriesWithoutClass,
        IReadOnlyList<string> missing)
    {
        if (categoriesWithoutClass.Count > 0)
        {
            console.MarkupLineInterpolated(
                $"[yellow]note:[/] {whose}without a class, so that their objects count as missed: {string.Join(", ", categoriesWithoutClass)}");
        }

        if (classesWithoutCategory.Count > 0)
        {
            console.MarkupLineInterpolated(
                $"[yellow]note:[/] {whose}classes without a category, which are left out: {string.Join(", ", classesWithoutCategory)}");
        }

        if (missing.Count > 0)
        {
            console.MarkupLineInterpolated(
                $"[yellow]note:[/] {whose}{missing.Count} images were not evaluated, such as {missing[0]}");
        }
    }

    private static string Source(EvalReport answer) => answer.Model is { } model
        ? $"model {model.Name} {model.Version} on {answer.Provider}"
        : $"the detections of {answer.Detections}";

    private static string Difference(double value, double another) =>
        value < 0 || another < 0 ? "" : Number(value - another, "+0.0000;-0.0000");

    private static string Number(double value) => value < 0 ? "none" : Number(value, "0.0000");

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static IEnumerable<(string Metric, string Iou, string Area, int Most, double Value)> Rows(CocoMetrics metrics) =>
    [
        ("AP", "0.50:0.95", "all", 100, metrics.Ap),
        ("AP", "0.50", "all", 100, metrics.Ap50),
        ("AP", "0.75", "all", 100, metrics.Ap75),
        ("AP", "0.50:0.95", "small", 100, metrics.ApSmall),
        ("AP", "0.50:0.95", "medium", 100, metrics.ApMedium),
        ("AP", "0.50:0.95", "large", 100, metrics.ApLarge),
        ("AR", "0.50:0.95", "all", 1, metrics.Ar1),
        ("AR", "0.50:0.95", "all", 10, metrics.Ar10),
        ("AR", "0.50:0.95", "all", 100, metrics.Ar100),
        ("AR", "0.50:0.95", "small", 100, metrics.ArSmall),
        ("AR", "0.50:0.95", "medium", 100, metrics.ArMedium),
        ("AR", "0.50:0.95", "large", 100, metrics.ArLarge),
    ];
}
