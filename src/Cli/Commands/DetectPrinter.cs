using System.Globalization;
using Nanodet.Detection.Forms;
using Nanodet.Serverless.Cli.Output;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet detect</c> for people.</summary>
internal static class DetectPrinter
{
    private const int RowsPerImage = 10;

    /// <summary>A table for each image that the answer has, and what it came to.</summary>
    public static void Print(IAnsiConsole console, DetectReport answer)
    {
        foreach (var image in answer.Images)
        {
            Print(console, image);
        }

        if (answer.Export is { } export)
        {
            ResultsExportCommand.Print(console, export with { DetectionsByClass = new Dictionary<string, long>() });
        }

        var model = answer.Model is null ? "no model ran" : $"model {answer.Model.Name} {answer.Model.Version} on {answer.Provider}";
        var kept = answer.Kept > 0 ? $", {answer.Kept} of them kept" : "";
        var ignored = answer.Ignored > 0 ? $", {answer.Ignored} other files left alone" : "";
        console.MarkupLineInterpolated($"{answer.Detected} images detected, {answer.Failed} failed{kept}{ignored}; {model}");
        CountLines.Print(console, "objects", answer.DetectionsByClass);
        CountLines.Print(console, "failures", answer.FailuresByCode);
        if (answer.Form is { } form)
        {
            console.MarkupLineInterpolated($"form {FormNames.Of(form.Form)}: {form.Reason}");
        }

        if (answer.ProviderNote is { } note)
        {
            console.MarkupLineInterpolated($"[yellow]note:[/] {note}");
        }

        var imagesPerSecond = (answer.Detected + answer.Failed - answer.Kept) / Math.Max(answer.DetectMs / 1000, 1e-9);
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"{(answer.LoadMs is { } load ? $"{load:0} ms to load the model" : $"job {answer.JobId}")}, {answer.DetectMs:0} ms for the images ({imagesPerSecond:0.0} images/s)");
    }

    private static void Print(IAnsiConsole console, DetectedImage image)
    {
        var result = image.Result;
        if (result.Detections is not { } detections)
        {
            console.MarkupLineInterpolated($"[bold]{result.Image.Name}[/]: [red]{result.Error!.Code}[/]");
            return;
        }

        var table = new Table { Border = TableBorder.Simple }.AddColumns("class", "score", "x", "y", "width", "height");
        foreach (var column in table.Columns.Skip(1))
        {
            column.RightAligned();
        }

        foreach (var detection in detections.Take(RowsPerImage))
        {
            var box = detection.Box;
            table.AddRow(
                Markup.Escape(detection.ClassName),
                Number(detection.Score, "0.000"),
                Number(box.X),
                Number(box.Y),
                Number(box.Width),
                Number(box.Height));
        }

        console.MarkupLineInterpolated(
            $"[bold]{result.Image.Name}[/] {result.Image.Width} x {result.Image.Height}, {detections.Count} objects");
        foreach (var note in result.Notes ?? [])
        {
            console.MarkupLineInterpolated($"  [yellow]note:[/] {note.Message}");
        }

        if (detections.Count > 0)
        {
            console.Write(table);
        }

        if (detections.Count > RowsPerImage)
        {
            console.MarkupLineInterpolated($"  and {detections.Count - RowsPerImage} more");
        }
    }

    private static string Number(float value, string format = "0.0") => value.ToString(format, CultureInfo.InvariantCulture);
}
