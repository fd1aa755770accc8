using System.Globalization;
using Nanodet.Detection.Benchmarking;
using Nanodet.Detection.Forms;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet bench</c> for people.</summary>
internal static class BenchPrinter
{
    /// <summary>A table with a column for each model, and what it ran on.</summary>
    public static void Print(IAnsiConsole console, BenchReport answer)
    {
        var table = new Table().AddColumn("");
        foreach (var model in answer.Models)
        {
            table.AddColumn(new TableColumn(Markup.Escape($"{model.Model.Name} {model.Model.Version}")).RightAligned());
        }

        Add("images/s, the whole way", figures => Number(figures.ImagesPerSecond, "0.0"));
        Add("images/s, the graph alone", figures => Number(figures.RunImagesPerSecond, "0.0"));
        Add("the first over the second", figures => Number(figures.RatioToRun, "0.000"));
        Add(
            "processor ms per image / of the graph",
            figures => $"{Number(figures.ProcessorMs, "0.00")} / {Number(figures.RunProcessorMs, "0.00")}");
        Add("decode, ms p50 / p95", figures => Stage(figures.Decode));
        Add("preprocess", figures => Stage(figures.Preprocess));
        Add("inference", figures => Stage(figures.Inference));
        Add("postprocess", figures => Stage(figures.Postprocess));
        Add("detections per image", figures => Number(figures.DetectionsPerImage, "0.0"));
        Add("allocated per image, bytes", figures => Number(figures.AllocatedBytesPerImage, "N0"));
        Add("images", figures => Number(figures.Images, "N0"));
        Add("provider", figures => figures.Provider);
        Add("runs", figures => Markup.Escape(figures.Runs.ToString()));
        Add("runs of the graph, images x height x width: ms", Shapes);
        console.Write(table);
        foreach (var form in answer.Forms.OfType<FormChoice>())
        {
            console.MarkupLineInterpolated($"form {FormNames.Of(form.Form)}: {form.Reason}");
        }

        if (answer is { SpeedUp: { } speedUp, RunSpeedUp: { } runSpeedUp })
        {
            console.MarkupLineInterpolated(
                CultureInfo.InvariantCulture,
                $"{answer.Models[0].Model.Name} over {answer.Models[1].Model.Name}: {speedUp:0.000} the whole way, {runSpeedUp:0.000} the graph alone");
        }

        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"{answer.Concurrency} callers, {answer.Threads} threads an operator, {answer.BatchSize} images a call; {answer.Files} files in memory, read in {answer.Read.P50Ms:0.00} / {answer.Read.P95Ms:0.00} ms; peak memory {answer.PeakMemoryBytes / 1048576.0:0} MiB; {answer.ElapsedMs / 1000:0.0} s");
        console.MarkupLineInterpolated(
            $"{answer.Machine.Cpu}, {answer.Machine.Processors} logical processors, {answer.Machine.Vectors}; {answer.Machine.System}; {answer.Machine.Dotnet}; ONNX Runtime {answer.Machine.OnnxRuntime}");
        if (answer.FilesLeftOut > 0)
        {
            console.MarkupLineInterpolated($"[yellow]note:[/] {answer.FilesLeftOut} more files were left out, so that all fit into memory");
        }

        void Add(string name, Func<ModelFigures, string> value) =>
            table.AddRow([name, .. answer.Models.Select(value)]);
    }

    private static string Shapes(ModelFigures figures) => string.Join(
        '\n',
        figures.Shapes.Select(shape => string.Create(
            CultureInfo.InvariantCulture,
            $"{shape.RunSize} x {shape.Height} x {shape.Width}: {shape.MillisecondsARun:0.00}{(shape.IsGraph ? "" : ", no CUDA graph")}")));

    private static string Stage(StageFigures figures) => $"{Number(figures.P50Ms, "0.000")} / {Number(figures.P95Ms, "0.000")}";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
