//! Which columns there is room for, and how wide they are.

use crate::app::Sort;
use crate::rates::History;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Host,
    Name,
    State,
    Vcpus,
    Cpu,
    CpuPlot,
    Memory,
    Used,
    Read,
    Written,
    DiskPlot,
    Received,
    Sent,
    NetPlot,
}

use Column::{
    Cpu, CpuPlot, DiskPlot, Host, Memory, Name, NetPlot, Read, Received, Sent, State, Used, Vcpus,
    Written,
};

const ALL: [Column; 14] = [
    Host, Name, State, Vcpus, Cpu, CpuPlot, Memory, Used, Read, Written, DiskPlot, Received, Sent,
    NetPlot,
];
/// What a narrow terminal does without, the first of them first.
const DISPENSABLE: [Column; 11] = [
    Vcpus, Used, NetPlot, DiskPlot, CpuPlot, Host, Sent, Received, Written, Read, Memory,
];
const LEAST_NAME: u16 = 17;
const PLOT: u16 = 5;

impl Column {
    pub(super) fn title(self) -> &'static str {
        match self {
            Host => "HOST",
            Name => "NAME",
            State => "STATE",
            Vcpus => "VCPU",
            Cpu => " CPU%",
            Memory => "  MEM",
            Used => "USED",
            Read => " READ",
            Written => "WRITE",
            Received => "   RX",
            Sent => "   TX",
            CpuPlot | DiskPlot | NetPlot => "",
        }
    }

    /// The order that goes by it.
    pub(super) fn sort(self) -> Option<Sort> {
        Some(match self {
            Name => Sort::Name,
            State => Sort::State,
            Cpu => Sort::Cpu,
            Memory => Sort::Memory,
            Read => Sort::Disk,
            Received => Sort::Net,
            _ => return None,
        })
    }

    fn least(self) -> u16 {
        match self {
            Host => 10,
            Name => LEAST_NAME,
            State => 8,
            Vcpus | Used => 4,
            CpuPlot | DiskPlot | NetPlot => PLOT,
            _ => 5,
        }
    }

    fn is_plot(self) -> bool {
        matches!(self, CpuPlot | DiskPlot | NetPlot)
    }
}

/// The columns for so many characters, with their widths, where the longest names of guests and
/// hosts are that long.
pub(super) fn fit(width: u16, name: u16, host: Option<u16>) -> Vec<(Column, u16)> {
    let mut columns = ALL.to_vec();
    columns.retain(|column| *column != Host || host.is_some());
    let needed = |columns: &[Column]| {
        let gaps = u16::try_from(columns.len()).unwrap_or_default().saturating_sub(1);
        columns.iter().map(|column| column.least()).sum::<u16>() + gaps
    };
    for column in DISPENSABLE {
        if needed(&columns) <= width {
            break;
        }
        columns.retain(|it| *it != column);
    }
    let mut rest = width.saturating_sub(needed(&columns));
    let mut columns: Vec<_> = columns.into_iter().map(|column| (column, column.least())).collect();
    let longest = u16::try_from(History::LENGTH).unwrap_or(PLOT);
    // Names are to be read, up to a point; plots take what is left.
    for (column, width) in &mut columns {
        let wanted = match column {
            Name => name.min(40),
            Host => host.unwrap_or_default().min(20),
            _ => continue,
        };
        let more = wanted.saturating_sub(*width).min(rest);
        *width += more;
        rest -= more;
    }
    let plots = columns.iter().filter(|(column, _)| column.is_plot()).count();
    let plots = u16::try_from(plots).unwrap_or_default();
    for (_, width) in columns.iter_mut().filter(|(column, _)| column.is_plot()) {
        let more = (rest / plots).min(longest - PLOT);
        *width += more;
    }
    columns
}
