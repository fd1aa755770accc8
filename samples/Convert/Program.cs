using Nanodet.Checkpoints.Export;

var (config, checkpoint, output) = (args[0], args[1], args[2]);
var model = ModelExporter.Export(File.ReadAllBytes(checkpoint), File.ReadAllBytes(config), Path.GetFileNameWithoutExtension(config));
File.WriteAllBytes(output, model.Onnx);
Console.WriteLine($"{output}: {model.Parameters} parameters, {model.InputWidth} x {model.InputHeight} pixels, {string.Join(", ", model.Classes)}");
