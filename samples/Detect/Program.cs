using Nanodet.Detection.Detectors;

using var detector = Detector.Load(args[0]);
var outcome = detector.Detect(File.ReadAllBytes(args[1]));
if (!outcome.Succeeded)
{
    Console.Error.WriteLine($"{args[1]}: {outcome.Error.Message}");
    return 1;
}

foreach (var found in outcome.Detections)
{
    var box = found.Box;
    Console.WriteLine($"{found.ClassName} {found.Score:0.00} at {box.X:0},{box.Y:0}, {box.Width:0} x {box.Height:0} pixels");
}

return 0;
