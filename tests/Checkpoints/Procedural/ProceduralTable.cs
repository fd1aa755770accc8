using System.Diagnostics;
using System.Globalization;
using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Checkpoints.Tests.Procedural;

/// <summary>The table of docs/model-format.md. Run it by name, with -explicit only.</summary>
public class ProceduralTable(ITestOutputHelper output)
{
    private const int Rounds = 3;

    [Fact(Explicit = true)]
    public void Measure_EveryConfig_PrintsTheTable()
    {
        output.WriteLine("| Config | Parameters | Largest difference | of the mean magnitude | Export, s |");
        output.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (var model in ProceduralModel.All)
        {
            output.WriteLine(Row(model));
        }
    }

    private static string Row(ProceduralModel model)
    {
        var config = model.ReadConfig();
        var checkpoint = CheckpointFile.Write(
            [.. CheckpointFile.Tensors(config), .. model.Unread.Select(pair => CheckpointFile.Procedural(pair.Key, pair.Value))]);
        var times = new List<TimeSpan>();
        ExportedModel exported;
        do
        {
            var start = Stopwatch.GetTimestamp();
            exported = ModelExporter.Export(checkpoint, config, model.Name);
            times.Add(Stopwatch.GetElapsedTime(start));
        }
        while (times.Count < Rounds);

        using var session = new CpuModel(exported.Onnx);
        var (_, values) = session.Run(ProceduralValues.Input(model.InputHeight, model.InputWidth), 1, 3, model.InputHeight, model.InputWidth);
        var largest = model.Samples.Max(sample => Math.Abs(values[(int)sample[0]] - Expected(model, sample)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {model.Name} | {exported.Parameters:N0} | {largest:0.0e+0} | {largest / model.AbsMean:0.0e+0} | {times.Min().TotalSeconds:0.00} |");
    }

    private static double Expected(ProceduralModel model, double[] sample) =>
        !model.RawScores && (int)sample[0] % model.OutputShape[2] < model.Classes ? 1 / (1 + Math.Exp(-sample[1])) : sample[1];
}
