using System.Globalization;
using System.Net;
using System.Text;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Images;

namespace Nanodet.Serverless.Cli.Evaluation;

/// <summary>
/// An evaluation as one HTML file: numbers, curves, confusion matrix and the worst images. It has no script, and nothing of it comes from
/// elsewhere, so that it can be mailed and archived.
/// </summary>
/// <param name="title">Which model, and on what.</param>
/// <param name="names">The categories' names.</param>
/// <param name="run">The evaluation.</param>
/// <param name="compared">Another one on the same images, and its name; null for none.</param>
/// <param name="scoreThreshold">The score threshold of the evaluation.</param>
internal sealed class EvaluationPage(
    string title,
    IReadOnlyDictionary<int, string> names,
    EvaluationRun run,
    (string Name, EvaluationRun Run)? compared,
    double scoreThreshold)
{
    private const int MostCurves = 12;
    private const int MostConfused = 24;
    private const int PictureSide = 640;
    private const int Steps = 100;

    private const string Style = """
        body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1100px;padding:0 1em;color:#1d2733}
        h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #d5dce4}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        th,td{padding:2px 9px;text-align:right;border-bottom:1px solid #e6ebf0}
        th:first-child,td:first-child{text-align:left}svg text{font:11px system-ui,sans-serif;fill:#1d2733}.grid{stroke:#e0e6ec;fill:none}
        .charts{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0 0 1.5em}figcaption{font-size:.9em;color:#51606f}
        .confusion{display:block;overflow-x:auto}
        .confusion td{text-align:center;min-width:2em}.confusion th{font-weight:normal;font-size:.85em}
        .confusion thead th{writing-mode:vertical-rl}
        .worst svg{max-width:100%;height:auto}
        """;

    private readonly IReadOnlyList<CategoryMetrics> _categories = run.Evaluator.SummarizeCategories();
    private readonly StringBuilder _page = new();

    /// <summary>The best score threshold of each category that has one.</summary>
    /// <param name="categories">The numbers of the categories.</param>
    /// <param name="scoreThreshold">The score threshold of the evaluation.</param>
    public static Dictionary<int, double> BestThresholds(IEnumerable<CategoryMetrics> categories, double scoreThreshold) => categories
        .Select(category => (category.CategoryId, Threshold: category.BestThreshold(scoreThreshold)))
        .Where(pair => pair.Threshold is not null)
        .ToDictionary(pair => pair.CategoryId, pair => pair.Threshold!.Value);

    /// <summary>The page.</summary>
    /// <param name="worst">How many of the worst images are shown.</param>
    public string Write(int worst)
    {
        Add($"<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{Html(title)}</title>");
        Add($"<style>{Style}</style></head><body>");
        Add($"<h1>{Html(title)}</h1><p>{run.Evaluator.Images} images, scores above {scoreThreshold:0.###}.");
        Add($"{(run.Missing.Count > 0 ? $" {run.Missing.Count} images were not evaluated." : "")}</p>");
        WriteNumbers();
        WriteSizes();
        WriteCurves();
        WriteClasses();
        var thresholds = BestThresholds(_categories, scoreThreshold);
        var found = WorstImages.Find(run.Images, thresholds, scoreThreshold, worst);
        WriteConfusion(found.Matrix);
        WriteWorst(found);
        return _page.Append("</body></html>\n").ToString();
    }

    private void WriteNumbers()
    {
        var (ours, theirs) = (Numbers(run.Evaluator.Summarize()), compared is { } other ? Numbers(other.Run.Evaluator.Summarize()) : null);
        Add($"<h2>The 12 numbers</h2><table><thead><tr><th>number</th><th>{(theirs is null ? "value" : "A")}</th>");
        Add($"{(theirs is null ? "" : "<th>B</th><th>A - B</th>")}</tr></thead><tbody>");
        for (var i = 0; i < ours.Length; i++)
        {
            Add($"<tr><td>{ours[i].Name}</td><td>{Number(ours[i].Value)}</td>");
            if (theirs is not null)
            {
                Add($"<td>{Number(theirs[i].Value)}</td><td>{Difference(ours[i].Value, theirs[i].Value)}</td>");
            }

            Add($"</tr>");
        }

        Add($"</tbody></table>");
        if (compared is { } named)
        {
            Add($"<p>A is {Html(title)}; B is {Html(named.Name)}, on the same images.</p>");
        }
    }

    private void WriteSizes()
    {
        var (ours, theirs) = (run.Evaluator.Summarize(), compared?.Run.Evaluator.Summarize());
        IReadOnlyList<double> Of(Func<CocoMetrics, double> value) => theirs is null ? [value(ours)] : [value(ours), value(theirs)];
        Add($"<h2>AP by size</h2>");
        _page.Append(SvgChart.Bars(
            "AP by size",
            [
                ("small, below 32 px", Of(metrics => metrics.ApSmall)),
                ("medium, to 96 px", Of(metrics => metrics.ApMedium)),
                ("large", Of(metrics => metrics.ApLarge)),
            ]));
    }

    private void WriteCurves()
    {
        var measured = _categories.Where(category => category.Objects > 0).ToArray();
        var others = compared?.Run.Evaluator.SummarizeCategories().Where(category => category.Objects > 0).ToArray();
        Add($"<h2>Curves, IoU 0.50</h2><div class=\"charts\">");
        Chart("All classes: precision by recall", "recall", "precision", measured, others, MeanPrecision);
        Chart("All classes: F1 by score threshold", "score threshold", "F1", measured, others, MeanF1);
        Add($"</div><div class=\"charts\">");
        foreach (var category in measured.OrderByDescending(category => category.Objects).Take(MostCurves))
        {
            var name = Name(category.CategoryId);
            var other = others?.Where(candidate => candidate.CategoryId == category.CategoryId).ToArray();
            Chart($"{name}: precision by recall", "recall", "precision", [category], other, MeanPrecision);
            Chart($"{name}: F1 by score threshold", "score threshold", "F1", [category], other, MeanF1);
        }

        Add($"</div>");
        if (measured.Length > MostCurves)
        {
            Add($"<p>Of {measured.Length} classes, the {MostCurves} with the most objects have curves of their own.</p>");
        }
    }

    private void Chart(
        string name,
        string x,
        string y,
        CategoryMetrics[] ours,
        CategoryMetrics[]? theirs,
        Func<CategoryMetrics[], IReadOnlyList<(double X, double Y)>> points)
    {
        List<(string Name, IReadOnlyList<(double X, double Y)> Points)> lines = [("A", points(ours))];
        if (theirs is not null)
        {
            lines.Add(("B", points(theirs)));
        }

        _page.Append("<figure>").Append(SvgChart.Lines(name, x, y, lines));
        Add($"<figcaption>{Html(name)}</figcaption></figure>");
    }

    private void WriteClasses()
    {
        var others = compared?.Run.Evaluator.SummarizeCategories().ToDictionary(category => category.CategoryId);
        Add($"<h2>Classes</h2><table><thead><tr><th>class</th><th>objects</th><th>AP</th>");
        Add($"{(others is null ? "" : "<th>AP of B</th><th>A - B</th>")}");
        Add($"<th>AP50</th><th>AP75</th><th>small</th><th>medium</th><th>large</th><th>best threshold</th><th>F1</th><th>precision</th>");
        Add($"<th>recall</th></tr></thead><tbody>");
        foreach (var category in _categories.OrderByDescending(category => category.Ap).ThenBy(category => category.CategoryId))
        {
            Add($"<tr><td>{Html(Name(category.CategoryId))}</td><td>{category.Objects}</td><td>{Number(category.Ap)}</td>");
            if (others is not null)
            {
                var theirs = others.TryGetValue(category.CategoryId, out var other) ? other.Ap : category.Objects > 0 ? 0 : -1;
                Add($"<td>{Number(theirs)}</td><td>{Difference(category.Ap, theirs)}</td>");
            }

            Add($"<td>{Number(category.Ap50)}</td><td>{Number(category.Ap75)}</td><td>{Number(category.ApSmall)}</td>");
            Add($"<td>{Number(category.ApMedium)}</td><td>{Number(category.ApLarge)}</td>");
            if (category.Best is { } best)
            {
                Add($"<td>{category.BestThreshold(scoreThreshold):0.####}</td><td>{best.F1:0.000}</td>");
                Add($"<td>{best.Precision:0.000}</td><td>{best.Recall:0.000}</td></tr>");
            }
            else
            {
                Add($"<td>none</td><td></td><td></td><td></td></tr>");
            }
        }

        Add($"</tbody></table><p>The best threshold has the highest F1 at IoU 0.50. It is fitted to these images.</p>");
    }

    private void WriteConfusion(ConfusionMatrix matrix)
    {
        var totals = matrix.Counts
            .SelectMany(pair => new[] { (pair.Key.Truth, pair.Value), (pair.Key.Found, pair.Value) })
            .Where(pair => pair.Item1 != ConfusionMatrix.None)
            .GroupBy(pair => pair.Item1, pair => pair.Value)
            .OrderByDescending(group => group.Sum())
            .Select(group => group.Key)
            .ToArray();
        int[] shown = [.. totals.Take(MostConfused).Order(), ConfusionMatrix.None];
        Add($"<h2>Confusion matrix</h2><p>Rows are objects, columns are what they were detected as, each class at its best threshold. ");
        Add($"Last column: missed. Last row: detections of no object.");
        Add($"{(totals.Length > MostConfused ? $" The {MostConfused} most frequent of {totals.Length} classes." : "")}</p>");
        Add($"<table class=\"confusion\"><thead><tr><th></th>");
        foreach (var found in shown)
        {
            Add($"<th>{Html(found == ConfusionMatrix.None ? "missed" : Name(found))}</th>");
        }

        Add($"</tr></thead><tbody>");
        foreach (var truth in shown)
        {
            var row = shown.Select(found => matrix.Counts.GetValueOrDefault((truth, found))).ToArray();
            var sum = Math.Max(1, row.Sum());
            Add($"<tr><th>{Html(truth == ConfusionMatrix.None ? "no object" : Name(truth))}</th>");
            for (var i = 0; i < row.Length; i++)
            {
                var colour = truth == shown[i] ? "58,143,61" : "176,58,72";
                Add($"<td style=\"background:rgba({colour},{(double)row[i] / sum * 0.8:0.##})\">{(row[i] == 0 ? "" : $"{row[i]}")}</td>");
            }

            Add($"</tr>");
        }

        Add($"</tbody></table>");
    }

    private void WriteWorst(WorstImages found)
    {
        Add($"<h2>Images with the most errors</h2><p>Green: right. Red: wrong. Orange, dashed: missed.</p><div class=\"worst\">");
        foreach (var (image, marks) in found.Images)
        {
            if (Picture(image.Path) is not { } picture)
            {
                continue;
            }

            var (width, height) = (picture.ImageWidth, picture.ImageHeight);
            var data = Convert.ToBase64String(picture.Jpeg.Span);
            Add($"<figure><svg role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{PictureSide}\">");
            Add($"<image width=\"{width}\" height=\"{height}\" href=\"data:image/jpeg;base64,{data}\"/>");
            foreach (var mark in marks.OrderBy(mark => mark.Kind == WorstImages.Kind.Right ? 0 : 1))
            {
                WriteMark(mark, Math.Max(width, height) / (double)PictureSide);
            }

            var (wrong, missed) = (
                marks.Count(mark => mark.Kind == WorstImages.Kind.Wrong), marks.Count(mark => mark.Kind == WorstImages.Kind.Missed));
            Add($"</svg><figcaption>{Html(image.Image.FileName)}: {wrong} wrong, {missed} missed, ");
            Add($"{marks.Count - wrong - missed} right</figcaption></figure>");
        }

        Add($"</div>");
    }

    private void WriteMark(WorstImages.Mark mark, double unit)
    {
        var (colour, dash) = mark.Kind switch
        {
            WorstImages.Kind.Right => ("#2f9e44", ""),
            WorstImages.Kind.Wrong => ("#e03131", ""),
            _ => ("#f08c00", Text($" stroke-dasharray=\"{6 * unit:0.#} {4 * unit:0.#}\"")),
        };
        var box = mark.Box;
        Add($"<rect x=\"{box.X:0.#}\" y=\"{box.Y:0.#}\" width=\"{box.Width:0.#}\" height=\"{box.Height:0.#}\" fill=\"none\" ");
        Add($"stroke=\"{colour}\" stroke-width=\"{2 * unit:0.#}\"{dash}/>");
        var label = $"{Name(mark.CategoryId)}{(mark.Score is { } score ? Text($" {score:0.00}") : "")}";
        Add($"<text x=\"{box.X + (2 * unit):0.#}\" y=\"{Math.Max(box.Y - (3 * unit), 11 * unit):0.#}\" ");
        Add($"style=\"font-size:{11 * unit:0.#}px;fill:{colour};paint-order:stroke;stroke:#fff;stroke-width:{2 * unit:0.#}px\">");
        Add($"{Html(label)}</text>");
    }

    /// <summary>The image, smaller; null where the file is gone meanwhile.</summary>
    private static Thumbnail? Picture(string path)
    {
        try
        {
            return Thumbnail.Create(File.ReadAllBytes(path), PictureSide);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ImageException)
        {
            return null;
        }
    }

    /// <summary>The mean over the classes of the best precision at each recall or a higher one.</summary>
    private static List<(double X, double Y)> MeanPrecision(CategoryMetrics[] categories) =>
    [
        .. Enumerable.Range(0, Steps + 1).Select(step => (
            X: (double)step / Steps,
            Y: categories.Select(category => category.Curve
                    .Where(point => point.Recall >= (double)step / Steps)
                    .Select(point => point.Precision)
                    .DefaultIfEmpty(0)
                    .Max())
                .DefaultIfEmpty(0)
                .Average())),
    ];

    private static List<(double X, double Y)> MeanF1(CategoryMetrics[] categories) =>
    [
        .. Enumerable.Range(0, Steps + 1).Select(step => (
            X: (double)step / Steps,
            Y: categories.Select(category => category.Curve.LastOrDefault(point => point.Score > (double)step / Steps).F1)
                .DefaultIfEmpty(0)
                .Average())),
    ];

    private static (string Name, double Value)[] Numbers(CocoMetrics metrics) =>
    [
        ("AP", metrics.Ap), ("AP50", metrics.Ap50), ("AP75", metrics.Ap75), ("AP small", metrics.ApSmall),
        ("AP medium", metrics.ApMedium), ("AP large", metrics.ApLarge), ("AR, 1 detection", metrics.Ar1),
        ("AR, 10 detections", metrics.Ar10), ("AR, 100 detections", metrics.Ar100), ("AR small", metrics.ArSmall),
        ("AR medium", metrics.ArMedium), ("AR large", metrics.ArLarge),
    ];

    private static string Number(double value) => value < 0 ? "none" : value.ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Difference(double a, double b) =>
        a < 0 || b < 0 ? "" : (a - b).ToString("+0.0000;-0.0000;0.0000", CultureInfo.InvariantCulture);

    private static string Html(string text) => WebUtility.HtmlEncode(text);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private string Name(int category) => names.TryGetValue(category, out var name) ? name : Text($"category {category}");

    private void Add(FormattableString text) => _page.Append(Text(text));
}
