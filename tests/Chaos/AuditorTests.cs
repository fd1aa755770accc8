using Nanodet.Detection.Images;
using Nanodet.Serverless.Chaos.Tests.Audit;

namespace Nanodet.Serverless.Chaos.Tests;

/// <summary>An auditor that finds nothing proves nothing: each fault is planted, and has to be found alone.</summary>
public sealed class AuditorTests
{
    public static TheoryData<string> Faults => [.. Planted.All.Select(fault => fault.Name)];

    [Fact]
    public void Audit_EverythingAsItHasToBe_FindsNothing()
    {
        var planted = new Planted();

        Assert.Empty(Auditor.Audit(planted.State, planted.Expected));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Audit_PlantedFault_IsFoundAndNothingElse(string name)
    {
        var planted = new Planted();
        var fault = Planted.All.Single(fault => fault.Name == name);
        fault.Plant(planted);

        var findings = Auditor.Audit(planted.State, planted.Expected);

        Assert.Equal(fault.Kinds.Order(), findings.Select(finding => finding.Kind).Distinct().Order());
    }

    [Fact]
    public void Audit_HostWasKilled_HiddenMessagesOfTriggersAreNoFinding()
    {
        var planted = new Planted();
        planted.Queues["images"] = new StoredQueue(3, 0);
        planted.Expected.MayHide = true;
        Assert.Empty(Auditor.Audit(planted.State, planted.Expected));

        planted.Queues["images"] = new StoredQueue(3, 1);
        Assert.Single(Auditor.Audit(planted.State, planted.Expected));
        planted.Queues.Clear();
        planted.Queues["nanodetserverless-control-00"] = new StoredQueue(3, 0);
        Assert.Single(Auditor.Audit(planted.State, planted.Expected));
    }

    [Fact]
    public void Audit_SoonAfterTheEnd_ListsAreNoFinding()
    {
        var planted = new Planted();
        planted.Staging.Add("lists/0123.ndjson");
        planted.Expected.MayKeepLists = true;
        Assert.Empty(Auditor.Audit(planted.State, planted.Expected));

        planted.Staging.Add("batches/0123.ndjson");
        Assert.Single(Auditor.Audit(planted.State, planted.Expected));
    }

    [Fact]
    public void Audit_ImageOfAJobWasOverwritten_ItsLineMayBeAboutTheContentBefore()
    {
        var planted = new Planted();
        planted.Expected.Add("archive", "job/0.png", new UploadedContent("0xNEW", null));
        planted.Records["archive/job/0.png.json"] = Planted.Record("archive", "job/0.png", "0xNEW", null, null);

        Assert.Empty(Auditor.Audit(planted.State, planted.Expected));
    }

    [Fact]
    public void Audit_SkippedImage_HasTheLineOfItsRecord()
    {
        var planted = new Planted();
        planted.Skip();
        planted.Manifest = planted.Manifest with { Detected = 1, Skipped = 1 };

        Assert.Empty(Auditor.Audit(planted.State, planted.Expected));
    }

    /// <summary>The same line with the same model is a fault of the list: planted above.</summary>
    [Fact]
    public void Audit_BatchCameAgainUnderAnotherModel_ItsLinesMayBeOfTheOneBefore()
    {
        var planted = new Planted();
        planted.Lines[0] = planted.Lines[0].Replace("\"batchSize\":1", "\"batchSize\":2", StringComparison.Ordinal)
            .Replace("\"version\":\"1\"", "\"version\":\"2\"", StringComparison.Ordinal);

        Assert.Empty(Auditor.Audit(planted.State, planted.Expected));
        planted.Lines[0] = planted.Lines[0].Replace("\"width\":80", "\"width\":81", StringComparison.Ordinal);
        Assert.Equal(FindingKind.DifferingLine, Assert.Single(Auditor.Audit(planted.State, planted.Expected)).Kind);
    }

    [Fact]
    public void Audit_CorruptImage_MustFailWithItsOwnCode()
    {
        var planted = new Planted();
        planted.Records["images/stream/1.png.json"] =
            Planted.Record("images", "stream/1.png", "0xS1", ImageErrorCodes.NotAnImage, null);

        var finding = Assert.Single(Auditor.Audit(planted.State, planted.Expected));

        Assert.Equal(FindingKind.Wrong, finding.Kind);
        Assert.Contains(ImageErrorCodes.Truncated, finding.Text, StringComparison.Ordinal);
    }
}
