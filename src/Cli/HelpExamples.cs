using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Nanodet.Serverless.Cli;

/// <summary>Examples at the end of a command's <c>--help</c>.</summary>
internal static class HelpExamples
{
    /// <summary>Examples by the command's path. Each is a line that works as it stands, with files of one's own.</summary>
    internal static IReadOnlyDictionary<string, string[]> All { get; } = new Dictionary<string, string[]>
    {
        [""] =
        [
            "nanodet detect --model model.onnx --input photos --output results",
            "nanodet results export --input results --format csv --output results.csv",
            "nanodet up",
            "nanodet submit --watch",
        ],
        ["export"] = ["nanodet export --config nanodet.yml --checkpoint nanodet.ckpt --output model.onnx"],
        ["inspect"] = ["nanodet inspect model.onnx"],
        ["detect"] =
        [
            "nanodet detect --model model.onnx --input photos --output results",
            "nanodet detect --model model.onnx --input photos --output results --resume --quiet",
            "nanodet detect --model model.onnx --input 'photos/**/*.jpg' more --output results",
            "find photos -name '*.jpg' | nanodet detect --model model.onnx --list - --output all.csv --format csv",
            "nanodet detect --storage --input photos --output results",
        ],
        ["eval"] =
        [
            "nanodet eval --model model.onnx --images val2017 --annotations instances_val2017.json",
            "nanodet eval --detections better.json --annotations instances_val2017.json",
        ],
        ["up"] = ["nanodet up", "nanodet up --model model.onnx --port 7072 --data other"],
        ["down"] = ["nanodet down", "nanodet down --data other"],
        ["submit"] =
        [
            "nanodet submit --prefix cam1/ --filter '**/*.jpg' --watch",
            "nanodet submit --manifest names.ndjson --output-format coco --output-format csv",
            "nanodet submit --only-failed --prefix cam1/",
        ],
        ["watch"] = ["nanodet watch JOB"],
        ["jobs"] = ["nanodet jobs --limit 5"],
        ["job"] = ["nanodet job JOB"],
        ["cancel"] = ["nanodet cancel JOB"],
        ["retry"] = ["nanodet retry JOB --watch", "nanodet retry JOB --code blob_not_found --code poison", "nanodet retry JOB --force"],
        ["failures"] = ["nanodet failures JOB --code image_truncated"],
        ["results"] = ["nanodet results JOB --output results.ndjson", "nanodet results export --job JOB --format coco --output coco.json"],
        ["results export"] =
        [
            "nanodet results export --input results --format csv --output results.csv",
            "nanodet results export --input results --format coco --dataset instances.json --output coco.json",
            "nanodet results export --job JOB --format parquet --output results.parquet --min-score 0.5",
            "nanodet results export --prefix cam1/ --format yolo --output labels.zip --class dog --class cat",
        ],
        ["view"] =
        [
            "nanodet view results --images photos",
            "nanodet view better --compare results --images photos",
            "nanodet view --job JOB",
        ],
        ["publish"] = ["nanodet publish --model model.onnx"],
        ["models"] = ["nanodet models"],
        ["rollback"] = ["nanodet rollback"],
        ["bench"] =
        [
            "nanodet bench --model model.onnx --images photos --seconds 10",
            "nanodet bench --model model.onnx --images photos --compare better.onnx",
        ],
        ["doctor"] = ["nanodet doctor", "nanodet doctor --model model.onnx", "nanodet doctor --storage"],
        ["gpu-check"] = ["nanodet gpu-check --models models --images photos"],
        ["cost"] = ["nanodet cost --images 10000", "nanodet cost --images 1000000 --profile A100 --scheduler"],
        ["demo-model"] = ["nanodet demo-model --package node_modules/@vladmandic/human --output demo"],
        ["completion"] = ["nanodet completion bash --install", "source <(nanodet completion bash)"],
    };

    /// <summary>Has the help of every command end with its examples.</summary>
    internal static void AddTo(RootCommand root)
    {
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new Action((HelpAction)help.Action!);
        }
    }

    private sealed class Action(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => help.ClearsParseErrors;

        public override int Invoke(ParseResult parseResult)
        {
            var code = help.Invoke(parseResult);
            if (All.TryGetValue(string.Join(' ', NanodetCommand.Path(parseResult.CommandResult)), out var examples))
            {
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (var example in examples)
                {
                    output.WriteLine($"  {example}");
                }

                output.WriteLine();
            }

            return code;
        }
    }
}
